/** A modulus of 3088 bits, and its signature under RS256 of a token `{"alg":"RS256"}.{}`: making the key takes seconds. */
export const longRsa = {
  modulus: [
    'zDyGQpa2LStAP-RwxQV2yV09YiUig8DQIjIIZoPzd-7BMTbc9ZxK-9M9Yfei6r7voKQxs176ZIHesKoYrXCQrHvelbFs3FAM',
    'uUrdZUpCSSgP9BgDomSma393x9WOEaNC7eqDhHUHWoeUeqLnXZ1ny5lcWArGIoi_0OBBvL1FApktk22JCgpEdja9B6-hcPL8',
    'EDxl3OdIdpcINDnjy-FTZbPqCugGEOBdLqXfjZwnYjx1ljg7XP_B3yxTCEoWb1V5fRHc0x9ocEiXACsYYvjKvocw9-gffYoS',
    'dO0OEmVKPug53gx3gPK6ix9SAftboxta20_i421G1YcdubNYL9WGZnilcARsbYCBwYsVrs-uY-hMBM_D1MgozGvz8tYDhEXP',
    'VEzm1bAI1SBXSkZ3j88Ozo0FDTUW4TokVCNfwj3vJvcxChmRsw5ivVNeZSIqObQRydzZbgBHy75-6yG0zo_42RwO2V2WFsh_',
    'HbNgog8UKmiEWczCF1TnJD3WCqiq3wFNIL8',
  ].join(''),
  signature: [
    'knHcdy4tHzC3fMFb73KyQNU2n_-hJv5VRSI7eA4emEwly4m3X-noNMzxejr0H3JKWFOYIvV-jZp_BTEI2EMYgWM1k_gm2jJe',
    'UaiFy1b8VJi3DtRwp66zzMZCZKmjYp7leSevnaAs0JP7Mu3dDAVc4KpWonMRH4qgbDS-3EOgui9O7-tkiNa6hpzNe9lFQ6cx',
    'IxRgEDW7uK5r-ZCqmM-0e6Tk14fNJ2AjLmYCSPkrMOuzc5n60KTlQw1XvMSdhp6FdSCPGzML4SQiuHFbbUlITmrFnW5fk3Di',
    'LnoYU6poiJMnCatrvXdKwovCC0S1LRIHzwhVrNl0HnBJCC0uF9xUqv95WR-ety2XUY1B70Q6iEUe1eO8V7wTO7IMXnCytYQJ',
    'FdRcHC-m4lH4PN0IjghCJLWKUWDCaKYppar_6s6zN7eF3j3mfCx1f-HBZgt133xZr2J4fLMlO4XdesHhcb-k1zhRPkowee1L',
    'SmbPsfQwhwAGPzJLahM5WCvJ4xbwAZ_Tk7g',
  ].join(''),
}
