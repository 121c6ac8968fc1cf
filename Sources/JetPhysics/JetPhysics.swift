// SPDX-License-Identifier: GPL-3.0-or-later

// Jets are found in events, and are events' data.
@_exported import EventData
