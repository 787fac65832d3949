"""Work orders (工单): drafts from speech, lifecycle, deadlines, dispatch.

Pure modules decide (``lifecycle``, ``deadlines``, ``dispatch``, ``draft``), ``service`` carries out in one unit of
work, ``store`` speaks SQL, ``views`` shapes what the HTTP API shows. No other room imports this one: the callback
robot and the desk reach it through Protocols and facts that ``hotline.app`` wires.
"""
