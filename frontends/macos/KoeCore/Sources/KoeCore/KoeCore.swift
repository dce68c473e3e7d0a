import CKoeCore
import Foundation

/// Why something did not work: a sentence for the user.
public struct KoeError: LocalizedError {
    public let errorDescription: String?

    /// The newest failure that the library knows.
    init(otherwise sentence: String) {
        let text = koe_last_error()
        defer { koe_free(text) }
        errorDescription = text.map { String(cString: $0) } ?? sentence
    }
}

/// What a session says. `text` is the last event of a session; so are the states "idle" (nothing was
/// said), "cancelled", and "failed", which follows an error.
public enum KoeEvent: Sendable {
    case state(String)
    case interim(String)
    case recognised(String)
    case warning(String)
    case error(String)
    case text(String)
}

/// The dictation core of this process, of which there is one. Every function may be called from any
/// thread; events come on threads of the library, in the order of what happened.
public final class KoeCore: @unchecked Sendable {
    public typealias Listener = @Sendable (_ session: UInt64, _ event: KoeEvent) -> Void

    /// The number of the newest instance and of its newest session, for all of the process: late events of an
    /// earlier instance must not carry the number of a new session.
    private static let lock = NSLock()
    nonisolated(unsafe) private static var newestInstance: UInt64 = 0
    nonisolated(unsafe) private static var newestSession: UInt64 = 0

    private let instance: UInt64

    /// Start it, in the place of an earlier instance. The functions of C carry no context, so the listener is the
    /// process's.
    public init(listener: @escaping Listener) throws {
        instance = Self.lock.withLock {
            Self.newestInstance += 1
            return Self.newestInstance
        }
        Events.listener = listener
        var callbacks = SPCallbacks()
        callbacks.on_state_changed = { Events.send($0, $1, KoeEvent.state) }
        callbacks.on_interim_text = { Events.send($0, $1, KoeEvent.interim) }
        callbacks.on_asr_final_text = { Events.send($0, $1, KoeEvent.recognised) }
        callbacks.on_session_warning = { Events.send($0, $1, KoeEvent.warning) }
        callbacks.on_session_error = { Events.send($0, $1, KoeEvent.error) }
        callbacks.on_final_text_ready = { Events.send($0, $1, KoeEvent.text) }
        sp_core_register_callbacks(callbacks)
        guard sp_core_create(nil) == 0 else {
            throw KoeError(otherwise: "The dictation core could not be started.")
        }
    }

    deinit {
        // The library has one core: that of a later instance stays.
        if Self.lock.withLock({ instance == Self.newestInstance }) {
            sp_core_destroy()
        }
    }

    /// Begin a session. It takes the place of one that runs.
    /// - Parameter toggle: A press begins and the next one ends, instead of a key that is held down.
    /// - Returns: What the session's events carry.
    public func begin(toggle: Bool = false) throws -> UInt64 {
        let session = Self.lock.withLock {
            Self.newestSession += 1
            return Self.newestSession
        }
        let context = SPSessionContext(
            mode: toggle ? TOGGLE : HOLD, frontmost_bundle_id: nil, frontmost_pid: 0, session_token: session)
        guard sp_core_session_begin(context) == 0 else {
            throw KoeError(otherwise: "The recording could not be started.")
        }
        return session
    }

    /// Hand over what the microphone gave: 16 kHz, mono, signed 16 bits. It never waits.
    public func push(_ samples: UnsafeBufferPointer<Int16>) {
        samples.withMemoryRebound(to: UInt8.self) { bytes in
            _ = sp_core_push_audio(bytes.baseAddress, UInt32(bytes.count), 0)
        }
    }

    /// The key was released: the text follows.
    public func end() {
        _ = sp_core_session_end()
    }

    /// Give the session up: no text follows.
    public func cancel() {
        _ = sp_core_session_cancel()
    }

    /// Take the text as it was recognised, without waiting for its correction.
    public func acceptRecognised() {
        _ = sp_core_accept_asr_result()
    }
}

private enum Events {
    private static let lock = NSLock()
    nonisolated(unsafe) private static var current: KoeCore.Listener?

    static var listener: KoeCore.Listener? {
        get { lock.withLock { current } }
        set { lock.withLock { current = newValue } }
    }

    static func send(_ session: UInt64, _ text: UnsafePointer<CChar>?, _ make: (String) -> KoeEvent) {
        guard let text else { return }
        listener?(session, make(String(cString: text)))
    }
}
