import { createResourceServer } from 'oauth-resource-server'

export const api = createResourceServer({
  issuer: 'https://login.example.com/',
  audience: 'https://api.example.com',
})
