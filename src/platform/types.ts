import type { AlgorithmName } from '../algorithms.ts'
import type { Jwk, MaybePromise } from '../types.ts'

/** A public key or secret in the platform's own form. */
export type PlatformKey = unknown

/** A diagnostics channel; a subscriber's error never reaches the publisher. */
export interface Channel {
  readonly hasSubscribers: boolean
  publish(message: unknown): void
}

/** Prints one line when `NODE_DEBUG` names this library. */
export interface Debug {
  (line: string): void
  /** Whether it prints: asked before a line is made. */
  readonly enabled: boolean
}

/** What the core needs of the machine it runs on; chosen by the package's `imports` conditions. */
export interface Platform {
  /** Decodes base64url leniently: callers encode the result again and compare. `undefined`, or any bytes, for other text. */
  readonly decodeBase64url: (text: string) => Uint8Array | undefined
  /** Encodes canonical base64url. */
  readonly encodeBase64url: (bytes: Uint8Array) => string
  /** SHA-256 of ASCII text, in a form fit for a map key. */
  readonly digest: (text: string) => MaybePromise<string>
  /** SHA-256 of bytes, or of ASCII text, in base64url. */
  readonly sha256: (data: string | Uint8Array) => MaybePromise<string>
  /** HMAC with SHA-256 of ASCII text, in base64url (RFC 2104). @param secret is not changed */
  readonly hmac: (secret: Uint8Array, text: string) => MaybePromise<string>
  /** Names of the signature algorithms this machine can check. */
  readonly supports: (algorithm: AlgorithmName) => boolean
  /** Imports a public key for the given algorithms; throws or rejects when it is no valid key. */
  readonly importPublicKey: (jwk: Jwk, algorithms: readonly AlgorithmName[]) => MaybePromise<PlatformKey>
  /** Imports a shared secret. */
  readonly importSecret: (secret: Uint8Array, algorithms: readonly AlgorithmName[]) => PlatformKey
  /** Checks one signature. False for anything that is not exactly right; never throws. */
  verifySignature(
    algorithm: AlgorithmName,
    key: PlatformKey,
    signingInput: string,
    signature: Uint8Array,
  ): MaybePromise<boolean>
  /** Shows a warning of the process once, where the platform has such a thing. @param code stable, for filters */
  readonly warn: (message: string, code: string) => void
  /** Prints one line for a developer, where the environment asks for it. */
  readonly debug: Debug
  /** A named channel for observers. */
  readonly channel: (name: string) => Channel
}
