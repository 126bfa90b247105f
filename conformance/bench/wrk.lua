-- A POST of the CSR in the file that EST_BENCH_BODY names, with the password; a GET where it names none.
local name = os.getenv("EST_BENCH_BODY")
if name then
  local file = io.open(name)
  wrk.method, wrk.body = "POST", file:read("*a")
  file:close()
  wrk.headers["Content-Type"] = "application/pkcs10"
  wrk.headers["Authorization"] = os.getenv("EST_BENCH_AUTHORIZATION")
end
if os.getenv("EST_BENCH_CLOSE") then wrk.headers["Connection"] = "close" end
