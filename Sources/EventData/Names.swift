// SPDX-License-Identifier: GPL-3.0-or-later

public typealias EventBatch = Events
public typealias JetBatch = Jets
public typealias EventColumn = Column
