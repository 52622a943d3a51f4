import { app } from './keys-app.mjs'

const { port } = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: (request) => app(request) })
console.log(`port ${port}`)
