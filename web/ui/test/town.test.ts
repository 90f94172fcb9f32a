import { describe, expect, it } from 'vitest'
import { secretOf, tidy } from '../src/signin/factor'
import { withLogin } from '../src/town/api'

describe('an address with credentials', () => {
  it('carries what an address cannot as it is', () => {
    expect(withLogin('rtsp://10.0.0.9/a', 'li', 'p@ss/w:rd')).toBe('rtsp://li:p%40ss%2Fw%3Ard@10.0.0.9/a')
  })
  it('replaces those it had and leaves it alone without any', () => {
    expect(withLogin('rtsps://old:one@h:322/x@y', 'li', 'x')).toBe('rtsps://li:x@h:322/x@y')
    expect(withLogin('rtsp://h/x', '', '')).toBe('rtsp://h/x')
  })
})

describe('a second factor', () => {
  it('is six digits however they are typed', () => {
    expect(tidy(' 123 456 ')).toBe('123456')
    expect(tidy('12345678')).toBe('123456')
  })
  it('shows its secret so that it can be typed', () => {
    expect(secretOf('otpauth://totp/Shouwang:li?secret=ABCDEFGHIJ&issuer=Shouwang')).toBe('ABCD EFGH IJ')
  })
})
