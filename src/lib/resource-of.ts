/**
 * Member of a caller's prototype: the `resource` of the resource server that accepted the caller. No serialiser finds it
 * there. Registered globally, so that a caller of either build has it.
 */
export const resourceOf: unique symbol = Symbol.for('oauth-resource-server.resource') as never
