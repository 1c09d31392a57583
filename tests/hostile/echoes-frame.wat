;; Tells as the value of a field every byte of the frame it was asked to read: what it was given, anybody may see.
(module
  (memory (export "memory") 1)
  ;; The descriptor: acquirer "hostile", version "1", five empty lists.
  (data (i32.const 16) "\60\00\00\00\07\00\00\00\70\00\00\00\01\00\00\00")
  (data (i32.const 96) "hostile")
  (data (i32.const 112) "1")
  (func (export "acquit:terminal/acquirer@0.1.0#describe") (result i32) (i32.const 16))
  (func (export "acquit:terminal/acquirer@0.1.0#start") (param i32) (result i32) (unreachable))
  (func (export "acquit:terminal/acquirer@0.1.0#resume") (param i32) (result i32) (unreachable))
  (func (export "acquit:terminal/inspector@0.1.0#read") (param $frame i32) (param $length i32) (result i32)
    ;; A field: path, name, value and note; only the value is not empty.
    (i32.store (i32.const 0x210) (local.get $frame))
    (i32.store (i32.const 0x214) (local.get $length))
    ;; result<list<field>, fault>: 0 is ok, and the list follows: one field.
    (i32.store (i32.const 0x404) (i32.const 0x200))
    (i32.store (i32.const 0x408) (i32.const 1))
    (i32.const 0x400)
  )
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
