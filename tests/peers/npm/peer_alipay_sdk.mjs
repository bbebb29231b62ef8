// Alipay's own Node SDK against our sandbox. It believes unsigned answers unless told `validateSign: true`.

import { AlipaySdk } from 'alipay-sdk'
import { readFileSync } from 'node:fs'
import { bare, check, judge, post, refuses, spoilingLine } from './judging.mjs'

process.env.TZ = 'Asia/Shanghai' // the SDK stamps requests with local time
const SUBJECT = '电动自行车 {1/2} \\ " 😀'
const NUMBER = 'PEER0001'

function sdkFor(said, changes = {}) {
  return new AlipaySdk({
    appId: said.app_id,
    gateway: said.gateway,
    keyType: 'PKCS8',
    privateKey: bare(said.app_private_key),
    alipayPublicKey: bare(said.alipay_public_key),
    camelcase: false,
    ...changes,
  })
}

const call = (sdk, method, bizContent) => sdk.exec(`alipay.trade.${method}`, { bizContent }, { validateSign: true })

await judge(async ({ alipay: said, control }) => {
  const sdk = sdkFor(said)
  const sale = { out_trade_no: NUMBER, total_amount: '2999.00', subject: SUBJECT, qr_code_timeout_express: '3m' }
  const about = (number = NUMBER) => ({ out_trade_no: number })
  let told = await call(sdk, 'precreate', sale)
  check('precreate gives a code', told.qr_code?.startsWith('https://qr.alipay.com/bax'), told)
  const code = told.qr_code
  told = await call(sdk, 'query', about())
  check('query before the scan is TRADE_NOT_EXIST, signed', told.sub_code === 'ACQ.TRADE_NOT_EXIST', told)
  told = await call(sdk, 'close', about())
  check('close before the scan is TRADE_NOT_EXIST, signed', told.sub_code === 'ACQ.TRADE_NOT_EXIST', told)
  await post(control.pay_url, { code, scan_only: true })
  told = await call(sdk, 'query', about())
  check('query after the scan says WAIT_BUYER_PAY', told.trade_status === 'WAIT_BUYER_PAY', told)
  await post(control.pay_url, { code, amount_fen: 299900, coupon_fen: 100 })
  told = await call(sdk, 'query', about())
  check('query says TRADE_SUCCESS', told.trade_status === 'TRADE_SUCCESS' && told.total_amount === '2999.00', told)
  check('a coupon is the payer’s', told.buyer_pay_amount === '2998.00', told)
  check('the subject came through, braces and all', told.subject === SUBJECT, told)
  told = await call(sdk, 'close', about())
  check('close of a paid trade is refused', told.sub_code === 'ACQ.TRADE_STATUS_ERROR', told)

  const refund = { ...about(), out_request_no: `${NUMBER}R01`, refund_amount: '100.00' }
  told = await call(sdk, 'refund', refund)
  check('a refund moves money', told.fund_change === 'Y' && told.refund_fee === '100.00', told)
  told = await call(sdk, 'refund', refund)
  check('the same refund again moves none', told.code === '10000' && told.fund_change === 'N', told)
  told = await call(sdk, 'fastpay.refund.query', { ...about(), out_request_no: `${NUMBER}R01` })
  check('the refund is found', told.refund_status === 'REFUND_SUCCESS' && told.refund_amount === '100.00', told)

  const second = (await call(sdk, 'precreate', { ...sale, ...about('PEER0002') })).qr_code
  told = await call(sdk, 'cancel', about('PEER0002'))
  check('cancel before the scan is 10000 without an action', told.code === '10000' && !('action' in told), told)
  check('its code is dead', (await post(control.pay_url, { code: second })).body.reason === 'CODE_DEAD')
  const third = (await call(sdk, 'precreate', { ...sale, ...about('PEER0003') })).qr_code
  await post(control.pay_url, { code: third, scan_only: true })
  await call(sdk, 'close', about('PEER0003'))
  told = await call(sdk, 'query', about('PEER0003'))
  check('close of a scanned trade closes it', told.trade_status === 'TRADE_CLOSED' && !told.send_pay_date, told)

  await post(control.fault_url, { target: 'alipay', kind: 'bad_signature' })
  await refuses('the SDK refuses a wrong signature', () => call(sdk, 'query', about()), '验签失败')
  await post(control.fault_url, { target: 'alipay', heal: true })
  await spoilingLine(said.gateway, '"2999.00"', '"2999.01"', async (gateway) => {
    const spoiled = sdkFor(said, { gateway })
    await refuses('the SDK refuses a genuine answer with one byte changed', () => call(spoiled, 'query', about()), '验签失败')
  })
  const platform = readFileSync(said.alipay_public_key.replace('public_key.pem', 'key.pem'), 'utf8')
  const forger = sdkFor(said, { privateKey: platform.replace(/-----[^-]+-----|\s/g, '') })
  told = await forger.exec('alipay.trade.query', { bizContent: about() })
  check('another key is refused by the gateway', told.sub_code === 'isv.invalid-signature', told)
  await post(control.clock_url, { advance_ms: 11 * 60_000 })
  told = await sdk.exec('alipay.trade.query', { bizContent: about() })
  check('a timestamp of eleven minutes ago is refused by the gateway', told.sub_code === 'isv.invalid-timestamp', told)
})
