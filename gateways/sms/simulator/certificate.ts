/**
 * Key and certificate of the simulated centre when it speaks TLS: for `localhost` and 127.0.0.1, signed by itself and
 * trusted by nobody who was not told to. The key is public, for it protects synthetic texts only.
 */
export const simulatedCertificate = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgkqJCUjqHafpti8WE
rz5v1pCNn4XFEnAkbOPZ+MxTttShRANCAATyFWqmUIVGiHkdpB0S1JP8xIXwcil0
Ar8WT7vuDs4Nlwl3vE4R0DqUE3Obim4vZ2bo1NgKd4+qWgYY/YEdwbso
-----END PRIVATE KEY-----
`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBsTCCAVegAwIBAgIURAnnUB/8rWB+oTA0fJutVTmyY2UwCgYIKoZIzj0EAwIw
HzEdMBsGA1UEAwwUc2ltdWxhdGVkIFNNUyBjZW50cmUwIBcNMjYxMTIxMDgzNjEw
WhgPMjEyNjEwMjgwODM2MTBaMB8xHTAbBgNVBAMMFHNpbXVsYXRlZCBTTVMgY2Vu
dHJlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8hVqplCFRoh5HaQdEtST/MSF
8HIpdAK/Fk+77g7ODZcJd7xOEdA6lBNzm4puL2dm6NTYCnePqloGGP2BHcG7KKNv
MG0wHQYDVR0OBBYEFOyXrojDo01p7kAoj3czFzlkhWwxMB8GA1UdIwQYMBaAFOyX
rojDo01p7kAoj3czFzlkhWwxMA8GA1UdEwEB/wQFMAMBAf8wGgYDVR0RBBMwEYIJ
bG9jYWxob3N0hwR/AAABMAoGCCqGSM49BAMCA0gAMEUCIQD1TOQT0EskXI6K2QdW
Fa0SDWr13wfmPlgR8gyhFf9jdAIgPaKMFwRed1g0jk+MSBhU3ywy4nWDjUoSC1In
0/L7zZY=
-----END CERTIFICATE-----
`,
} as const;
