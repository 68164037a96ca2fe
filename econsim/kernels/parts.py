"""Compilation of functions that only kernels call: their code becomes a part of the kernel, and no more is done for it.

Numba optimises each function and generates its machine code before it optimises the functions that call it. Rules are
inlined into their kernel, so that their own machine code would never run, and a rule that is called five levels below
the kernel would be optimised five times. Here, the code of a rule is linked into its callers as it is, and optimised
once, with the kernel.

This module uses internals of numba: its code library and the pass that translates a function to LLVM.
"""

from __future__ import annotations

from typing import Any

from numba import _dynfunc
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import PassManager, register_pass
from numba.core.typed_passes import NativeLowering

__all__ = ["PartCompiler"]


class _Part(JITCodeLibrary):  # type: ignore[misc]
    """The code of a function with that of the functions that it calls, each simplified alone and not yet optimised."""

    def finalize(self) -> None:
        """Link the functions that this one calls."""
        for library in dict.fromkeys(self._linking_libraries):
            self._reload_init.update(library._reload_init)
            self._final_module.link_in(library._get_module_for_linking(), preserve=True)
        self._finalized = True


@register_pass(mutates_CFG=True, analysis_only=False)
class _PartLowering(NativeLowering):  # type: ignore[misc]
    """Translation of a function that is compiled with the kernels that call it."""

    _name = "part_lowering"

    def run_pass(self, state: Any) -> bool:
        """Translate the function, and make it known to the functions that call it."""
        state.library = library = _Part(state.targetctx.codegen(), state.func_id.func_qualname)
        state.flags.no_compile = True
        super().run_pass(state)
        lowered = state["cr"]
        # Numba keeps functions by an object that Python could call; there is no machine code at its address.
        known_as = _dynfunc.make_function(
            lowered.fndesc.lookup_module(), state.func_id.func_name, "", 0, lowered.env, (library,)
        )
        state.targetctx.insert_user_function(known_as, lowered.fndesc, [library])
        state["cr"] = lowered._replace(cfunc=known_as)
        return True


class PartCompiler(CompilerBase):  # type: ignore[misc]
    """Numba's compiler with :class:`_PartLowering` as the last step but one."""

    def define_pipelines(self) -> list[Any]:
        """Return the passes of the compiler."""
        builder, manager = DefaultPassBuilder, PassManager("part")
        for stage in (
            builder.define_untyped_pipeline(self.state),
            builder.define_typed_pipeline(self.state),
            builder.define_nopython_lowering_pipeline(self.state),
        ):
            manager.passes += [(_PartLowering if kind is NativeLowering else kind, why) for kind, why in stage.passes]
        manager.finalize()
        return [manager]
