-- A small document to be parsed and sent back.
wrk.method = "POST"
wrk.body = '{"name":"hemp","lengths":[7,11,13],"knots":{"bowline":true,"sheet bend":false},"note":"kept dry"}'
wrk.headers["Content-Type"] = "application/json"
