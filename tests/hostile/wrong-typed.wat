;; Exports what the contract names, with types of its own.
(component
  (core module $module (func (export "f") (result i32) (i32.const 7)))
  (core instance $core (instantiate $module))
  (func $f (result u32) (canon lift (core func $core "f")))
  (instance $acquirer (export "describe" (func $f)) (export "start" (func $f)) (export "resume" (func $f)))
  (instance $inspector (export "read" (func $f)))
  (instance $retry-policy (export "decide" (func $f)) (export "wait" (func $f)))
  (export "acquit:terminal/acquirer@0.1.0" (instance $acquirer))
  (export "acquit:terminal/inspector@0.1.0" (instance $inspector))
  (export "acquit:terminal/retry-policy@0.1.0" (instance $retry-policy))
)
