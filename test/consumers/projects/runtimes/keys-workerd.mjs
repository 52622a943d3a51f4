import { app } from './keys-app.mjs'

export default { fetch: app }
