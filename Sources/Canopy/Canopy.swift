// SPDX-License-Identifier: GPL-3.0-or-later

// `import Canopy` gives the whole public interface.
@_exported import CanopyModel
@_exported import Detector
@_exported import EventIO
@_exported import JetPhysics
@_exported import NeuralEngine
@_exported import ONNX
@_exported import Observables
@_exported import PluginKit
@_exported import RecurrentEncoder
@_exported import RecursiveEmbedding
@_exported import Reports
@_exported import Settings
@_exported import Training
@_exported import Triggering
@_exported import Triggers
