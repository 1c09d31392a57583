;; Sends a message of 257 empty literals, one more than the host renders.
(module
  (memory (export "memory") 1)
  ;; The descriptor: acquirer "hostile", version "1", one operation, four empty lists.
  (data (i32.const 16) "\60\00\00\00\07\00\00\00\70\00\00\00\01\00\00\00\80\00\00\00\01\00\00\00")
  (data (i32.const 96) "hostile")
  (data (i32.const 112) "1")
  ;; The operation: a sale, so that it is asked for one; the rest of its description is zeros.
  (data (i32.const 128) "\04")
  (func (export "acquit:terminal/acquirer@0.1.0#describe") (result i32) (i32.const 16))
  (func (export "acquit:terminal/acquirer@0.1.0#start") (param $arguments i32) (result i32)
    ;; result<step, fault>: 0 is ok, and the step follows at byte 8: state, proofs, effects, reference, action.
    ;; The action of zeros is to send; its message's nodes stand after its route. A node of zeros is an empty literal.
    (i32.store (i32.const 0x438) (i32.const 0x1000))
    (i32.store (i32.const 0x43c) (i32.const 257))
    (i32.const 0x400)
  )
  (func (export "acquit:terminal/acquirer@0.1.0#resume") (param i32) (result i32) (unreachable))
  (func (export "acquit:terminal/inspector@0.1.0#read") (param i32 i32) (result i32) (unreachable))
  (func (export "acquit:terminal/retry-policy@0.1.0#decide") (param i32) (result i32) (unreachable))
  (func (export "acquit:terminal/retry-policy@0.1.0#wait") (param i32) (result i32) (unreachable))
  ;; Arguments are written from 32 KiB upwards, and never freed: an instance serves one call.
  (global $free (mut i32) (i32.const 32768))
  (func (export "cabi_realloc") (param i32 i32 i32) (param $size i32) (result i32)
    (local $given i32)
    (local.set $given (global.get $free))
    (global.set $free (i32.and (i32.add (i32.add (local.get $given) (local.get $size)) (i32.const 15)) (i32.const -16)))
    (local.get $given))
)
