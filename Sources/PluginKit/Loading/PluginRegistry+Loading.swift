// SPDX-License-Identifier: GPL-3.0-or-later

import Foundation

extension PluginRegistry {
  /// Loads the library of a plugin into the running program and makes its plugins known.
  ///
  /// No code of the library runs before its file is found to be built for this program, and to lie in a place
  /// in which only the user and root may write. A library that was loaded already is passed over. On Linux,
  /// the program's executable has to export its symbols.
  ///
  /// - Parameters:
  ///   - path: the library, or a folder with one library: its own `*.so` or, of a package, what Swift has built in
  ///     `.build/release` or else in `.build/debug`.
  ///   - prepare: what is done before the code of a library runs, which has been found to be built for this program.
  /// - Throws: ``PluginError``, in one sentence that names the file; the registry then stays as it was.
  public mutating func load(_ path: String, prepare: () -> Void = {}) throws {
    do {
      let file = Self.withoutLinks(try Self.library(at: path))
      guard !origins.contains(.library(file)) else { return }
      try Self.check(file)
      prepare()
      self = try registering(from: file)
    } catch let refusal as Refusal {
      throw PluginError("\(path): \(refusal.reason).")
    }
  }

  /// Loads the libraries that a search path such as that of `CANOPY_PLUGIN_PATH` names: files, and folders whose
  /// files `*.so` are taken, with colons between them.
  ///
  /// - Parameters:
  ///   - searchPath: the files and folders.
  ///   - prepare: as for ``load(_:prepare:)``.
  /// - Throws: ``PluginError``, in one sentence that names the file or folder; a folder in which others may write is
  ///   refused as a whole.
  public mutating func load(searchPath: String, prepare: () -> Void = {}) throws {
    for part in searchPath.split(separator: ":").map(String.init) {
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: part, isDirectory: &isFolder), isFolder.boolValue else {
        try load(part, prepare: prepare)
        continue
      }
      if let reason = PluginOwnership.refusal(of: Self.withoutLinks(part)) {
        throw PluginError("\(part): the folder of plugins is refused: it \(reason).")
      }
      guard let names = try? FileManager.default.contentsOfDirectory(atPath: part) else {
        throw PluginError("\(part): the folder of plugins cannot be read; give one that can.")
      }
      for name in names.sorted() where name.hasSuffix(".so") {
        try load(URL(fileURLWithPath: part).appendingPathComponent(name).relativePath, prepare: prepare)
      }
    }
  }

  /// The library that a path stands for: the path itself, or the one library of a folder.
  private static func library(at path: String) throws -> String {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
      return path
    }
    for place in [path, "\(path)/.build/release", "\(path)/.build/debug"] {
      let names = ((try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []).filter {
        $0.hasPrefix("lib") && $0.hasSuffix(".so")
      }
      guard !names.isEmpty else { continue }
      let libraries = names.sorted().map { "\(place)/\($0)".replacing("//", with: "/") }
      guard libraries.count == 1 else {
        throw Refusal(
          reason: "it has \(libraries.count) libraries: give one of \(libraries.joined(separator: ", "))")
      }
      return libraries[0]
    }
    throw Refusal(
      reason:
        "it is a folder without the library of a plugin: build the package that is there (swift build -c release), "
        + "or give a library, such as .build/release/libMyHead.so")
  }

  /// The path without symbolic links, or as it is if it leads nowhere.
  private static func withoutLinks(_ path: String) -> String {
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// Why a library is not loaded: the end of a sentence that begins with the file.
  private struct Refusal: Error {
    let reason: String
  }

  /// Throws unless the file is a library that is built for this program.
  private static func check(_ file: String) throws {
    var status = stat()
    guard stat(file, &status) == 0 else {
      throw Refusal(reason: "there is no such file: give the library of a plugin, such as libMyHead.so")
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw Refusal(reason: "it is no file: give the library of a plugin, such as libMyHead.so")
    }
    if let reason = PluginOwnership.refusal(of: file) {
      throw Refusal(reason: "the library is refused: it \(reason)")
    }
    guard status.st_size <= largestLibrary else {
      throw Refusal(reason: "\(status.st_size) bytes are too many for the library of a plugin")
    }
    guard let content = try? Data(contentsOf: URL(fileURLWithPath: file), options: .alwaysMapped) else {
      throw Refusal(reason: "it cannot be read: make it readable")
    }
    guard content.starts(with: [0x7F] + "ELF".utf8) else {
      throw Refusal(reason: "it is no library: give the library of a plugin, such as libMyHead.so")
    }
    guard let handshake = PluginHandshake(in: content) else {
      throw Refusal(
        reason:
          "it is a library, but no plugin of Canopy: build a dynamic library against a plugin kit")
    }
    if let reason = handshake.refusal { throw Refusal(reason: reason) }
  }

  private static let largestLibrary = 4 << 30

  private typealias EntryPoint = @convention(c) (UnsafeMutableRawPointer) -> Void

  /// The registry with what a library registers, which has been found to be one for this program.
  private func registering(from file: String) throws -> PluginRegistry {
    #if os(Linux)
      // A library stays: Swift's runtime keeps references into it.
      guard let library = dlopen(file, RTLD_NOW | RTLD_LOCAL) else {
        throw Refusal(reason: "the library cannot be loaded: \(Self.linkerMessage(file))")
      }
      // Its errors and types would be others than the program's.
      guard dlsym(library, PluginRegistration.copyOfCore) == nil else {
        throw Refusal(
          reason:
            "the library has a copy of Canopy in it: build it against a plugin kit, as the packages of "
            + "canopy plugin new are")
      }
      guard let symbol = dlsym(library, PluginRegistration.entryPoint) else {
        throw Refusal(
          reason:
            "the library has no function \(PluginRegistration.entryPoint), by which a plugin registers itself"
        )
      }
      var registry = self
      registry.origin = .library(file)
      let registration = PluginRegistration(registry)
      unsafeBitCast(symbol, to: EntryPoint.self)(Unmanaged.passUnretained(registration).toOpaque())
      switch registration.result {
      case .failure(let error):
        throw Refusal(reason: "the plugin cannot be registered: \("\(error)".withoutFullStop)")
      case .success(var registered):
        guard registered.origins.contains(.library(file)) else {
          throw Refusal(
            reason: "the library registers no plugin: register one in \(PluginRegistration.entryPoint)")
        }
        registered.origin = origin
        return registered
      }
    #else
      throw Refusal(
        reason: "plugins are loaded at run time on Linux only: build a program that registers them")
    #endif
  }

  #if os(Linux)
    /// What the dynamic linker says, without the file, which the sentence names already.
    private static func linkerMessage(_ file: String) -> String {
      guard let message = dlerror() else { return "the dynamic linker refuses it" }
      return String(cString: message).replacingOccurrences(of: "\(file): ", with: "")
    }
  #endif
}

extension String {
  fileprivate var withoutFullStop: String { hasSuffix(".") ? String(dropLast()) : self }
}
