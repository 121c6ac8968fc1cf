// SPDX-License-Identifier: GPL-3.0-or-later

// A plugin imports PluginKit and what it re-exports, nothing else of Canopy.
@_exported import Formulas
@_exported import JetPhysics
@_exported import NeuralEngine
@_exported import Settings
@_exported import Statistics
