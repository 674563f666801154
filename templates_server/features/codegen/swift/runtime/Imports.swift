import Foundation

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// The Space of this app: `Mtribes.initialize(apiKey:)`, then `Mtribes.session` and `Mtribes.collections`.
public enum Mtribes {}
