import { Router } from 'express'
import type { AuthResult } from 'express-oauth2-jwt-bearer'

Router().use((req, _res, next) => {
  const result: AuthResult | undefined = req.auth
  const subject: string | undefined = req.auth?.payload.sub
  // @ts-expect-error the type of express-oauth2-jwt-bearer alone
  void req.auth?.scheme
  next([result, subject])
})
