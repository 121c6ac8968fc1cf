// SPDX-License-Identifier: GPL-3.0-or-later

// Whoever finds jets needs events too.
@_exported import EventData
