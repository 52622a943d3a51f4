/** Keys of the vectors. Published on purpose, so that anyone can sign more; never to be trusted for anything. */
export const fixedKeys = {
  EdDSA: {
    crv: 'Ed25519',
    d: 'iMJ6VBJhVnw0UZm_yVUoNR2iGcEzeBVcwj4Jd0ZYdAc',
    x: 'JoYCTz2iMmAozKvPCXcpB6d6ZMJVc_D8sBg0hXU7mU0',
    kty: 'OKP',
  },
  RS256: {
    kty: 'RSA',
    n: '4PHhTzZbRCtE4BtNa-FsYc5riViGzTsmvP7X3qyHbRYjll54eBvnKOjrrpZrGRp7PHw8RAJWiWgoHKc66SsiPgAhbyXWZJ5Ffpye-_f7F7xuFVY7nGWrltLcDH3ZVwHdZV_GGOuF-kOuQs7hMLBUniQu2RHbA_A8k4PQWSRe6GwHix3y8XXh0zuXFBajVa3Byi6m_EXbVyqxKu3-CUgjxEnoDRneto4j2X4Ps1MFsD3k9Cnr9Yb4H-Gu_FTzgRTAY0G0JztM5Le7aax1KiWhXv9TZ6T7LsaAss9nVXiprnDv31RpOLlfYhrWpPMrVF1KvDTNBnJGDh06F5w9oM8CEw',
    e: 'AQAB',
    d: 'XtuRVDqLVR1b_5dz2BTpA_usnHAQ9HXHubZL6PJfb5CA9FWlPp0hpz5FuMtkoWLp6hFHxrQnsu0R0TdyH8aZO4UJlFnj5W1ax_AbGQ0zPQiwcV36aFL1f3Yu5jOh1c-LAcdX_cVAK8-jqjecfdA19rQyb0ZY0fnaSaix0Q2F2kN9rISOTfyVVy-0EME14Wbns3Dqt1rO-AAYt0XuXTKyffETzkFoZWEByxuHfaHhazL9UR7KVRuB_LABDj2mnZtxuYLBHiW5gWIm7qJqVy4y2BEnMmy4nQmnj_EMy6lxj0KcHjFCuL7XXzvlZKQgnMNOvVbdLPN_DfNH_hxYCIEqYQ',
    p: '8Loda34NpjZDEhdy2wuJmkjAMxmq9A8N-VH1Ub6xEsFPBo587ret25lDNTl3zvbyjffcfGSDXWdvQenUBbhP1MR_BnHGRpqQhHPLkbEnCX-mE4KQW20MrFRIxgug5uuBLovhuaq4VFNkQPM6C7QR7yMVia2Nmlp0azKZENlWTPM',
    q: '7zducmQG3FIvREsvDCGw8rKxDGGbVMhfjdvrmftMG4riE5mtiRuJfWpcNFATg7VzcbyFNG6D3Xy5H-A4twcRVoax8YxSM_9bUkeEBE86DY2exqwi5xzbyYaf95KHOti4yMxqhWhRB3G0o2httv7lBzbmViOg9kGmigwo6ofjPmE',
    dp: '8ISEMIpZiOBeUw0qrMDyUzytDGFw9Ti1dY311h75PQv3sU1cdgb_ppGTHPK2SgtifYZQvdiPiBt4hhrixHRLDwLlB8NVn-V-z1gC5SZjIpJvlL63DSH_r47mxzmHIjHbeG46sg9o7JgFav-Z12erI4uiUVUeTkJiX1jGppcAKxE',
    dq: 'NjrBvgrxBzdWYcwNgVmN7KcXve_Or9yw1M77TTAL496LO9hF3-QvOhBHkNBqbBxRbIJJTEaVfDuPGCvTj6J5ir0ET_b4l7MW98MgqX1wcqwdR3q0euIu7TOoxg4gu_Vvho3YxB-O5voe8kB1Rtvn_cezVenDzq-5WmhBSlG98WE',
    qi: '3DHiZFkCbkUoNuyAzHCzdHvNK-XCvzMPn6ZmtUxoZXuXYcRyZ3N8emHN520nLMjPaV9JR4eH4kN_KB0gPYyWR8l0upeF-pJOogMzwv-LgmsjwYnLc1aEbiuXpkrbHww8v5V6mC0I2oxQicppvXX2ajAokCur-kvp7awA0f4l2yw',
  },
} as const
