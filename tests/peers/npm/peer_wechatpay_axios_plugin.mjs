// The Node SDK wechatpay-axios-plugin against our sandbox, as a merchant and as a service provider.

import { readFileSync } from 'node:fs'
import wechatpay from 'wechatpay-axios-plugin'
import { check, judge, post, refuses, spoilingLine } from './judging.mjs'

const { Wechatpay } = wechatpay
const AMOUNT = { total: 299900, currency: 'CNY' }
const REFUND = { reason: '退货', amount: { refund: 100, ...AMOUNT } }

function sdkFor(said, changes = {}) {
  return new Wechatpay({
    mchid: said.mchid,
    serial: said.serial_no,
    privateKey: readFileSync(said.private_key),
    certs: { [said.public_key_id]: readFileSync(said.public_key) },
    baseURL: said.base_url,
    headers: { 'Wechatpay-Serial': said.public_key_id }, // public-key mode asks for it; the SDK leaves it to its user
    ...changes,
  })
}

/** An answer whatever its status; the SDK throws answers of errors (which nobody signs) and answers it does not believe. */
async function answer(call) {
  try {
    return await call
  } catch (error) {
    if (String(error.code).startsWith('EV3_') || !error.response) throw error
    return error.response
  }
}

async function lifeOfAnOrder(said, control, partner) {
  const sdk = sdkFor(said)
  const who = partner ? 'a sub-merchant’s' : 'a merchant’s'
  const number = partner ? 'NODE0101' : 'NODE0001'
  const pay = partner ? sdk.v3.pay.partner.transactions : sdk.v3.pay.transactions
  const sub = partner ? { sub_mchid: said.sub_mchid } : {}
  const party = partner ? { sp_mchid: said.mchid, ...sub } : { mchid: said.mchid }
  const app = partner ? { sp_appid: said.appid } : { appid: said.appid }
  const query = (out_trade_no) => answer(pay.outTradeNo.$out_trade_no$.get({ params: party, out_trade_no }))
  const order = {
    ...party,
    ...app,
    out_trade_no: number,
    description: '电动自行车 {1/2} \\ " 😀',
    notify_url: 'https://pay.example.com/notify',
    amount: AMOUNT,
  }
  let told = await query(number)
  check(`${who} query of no order is 404`, told.status === 404 && told.data.code === 'ORDER_NOT_EXIST', told.data)
  told = await answer(pay.native.post(order))
  check(`${who} create gives a code`, told.data.code_url?.startsWith('weixin://wxpay/bizpayurl'), told.data)
  await post(control.pay_url, { code: told.data.code_url, amount_fen: 299900 })
  told = await query(number)
  check(`${who} query says SUCCESS with our amount`, told.data.trade_state === 'SUCCESS' && told.data.amount.total === 299900, told.data)
  told = await answer(pay.outTradeNo.$out_trade_no$.close.post(party, { out_trade_no: number }))
  check(`${who} close of a paid order is refused`, told.data.code === 'ORDER_PAID', told.data)
  const refund = { ...sub, ...REFUND, out_trade_no: number, out_refund_no: `${number}R01` }
  told = await answer(sdk.v3.refund.domestic.refunds.post(refund))
  const id = told.data.refund_id
  check(`${who} refund is accepted`, told.status === 200 && told.data.status === 'PROCESSING', told.data)
  told = await answer(sdk.v3.refund.domestic.refunds.post(refund))
  check(`${who} same refund is the same one`, told.data.refund_id === id, told.data)
  told = await answer(sdk.v3.refund.domestic.refunds.$out_refund_no$.get({ params: sub, out_refund_no: `${number}R01` }))
  check(`${who} refund is found`, told.status === 200 && told.data.refund_id === id, told.data)
  await pay.native.post({ ...order, out_trade_no: `${number}X` })
  told = await answer(pay.outTradeNo.$out_trade_no$.close.post(party, { out_trade_no: `${number}X` }))
  check(`${who} close of an unpaid order is a signed 204`, told.status === 204, told.status)
  told = await query(`${number}X`)
  check(`${who} query says CLOSED`, told.data.trade_state === 'CLOSED', told.data)
}

await judge(async ({ wechat: said, control }) => {
  for (const partner of [false, true]) await lifeOfAnOrder(said, control, partner)
  const ask = (sdk) =>
    sdk.v3.pay.transactions.outTradeNo.$out_trade_no$.get({ params: { mchid: said.mchid }, out_trade_no: 'NODE0001' })
  for (const [kind, names] of [['bad_signature', 'EV3_RES_HEADER_SIGNATURE_DIGEST'], ['unknown_serial', 'EV3_RES_HEADER_PLATFORM_SERIAL']]) {
    await post(control.fault_url, { target: 'wechat', kind })
    await refuses(`the SDK refuses an answer with ${kind}`, () => ask(sdkFor(said)), names)
    await post(control.fault_url, { target: 'wechat', heal: true })
  }
  await spoilingLine(said.base_url, '"total":299900', '"total":299901', async (baseURL) => {
    await refuses(
      'the SDK refuses a genuine answer with one byte changed',
      () => ask(sdkFor(said, { baseURL })),
      'EV3_RES_HEADER_SIGNATURE_DIGEST',
    )
  })
  const stranger = await answer(ask(sdkFor(said, { serial: '00' })))
  check('an unknown certificate is 401 SIGN_ERROR', stranger.status === 401 && stranger.data.code === 'SIGN_ERROR')
})
