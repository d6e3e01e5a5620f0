/** Each starts itself anew. */
export const abortTimedOutTimer = 'abort-timed-out'
export const removeExpiredTimer = 'remove-expired'
