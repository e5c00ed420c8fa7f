/** A point of P-256 as 65 bytes in base64url (RFC 8292 section 3.2), and a number of 32 bytes. */
export const vapidPublicKeyForm = /^B[A-Za-z0-9_-]{86}$/;
export const vapidPrivateKeyForm = /^[A-Za-z0-9_-]{43}$/;
