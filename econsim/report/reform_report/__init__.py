"""Report of a reform: its page, figures and tables, from a counterfactual."""

from econsim.report.reform_report.contents import ReformContents
from econsim.report.reform_report.folders import new_reform_folder
from econsim.report.reform_report.page import render_reform

__all__ = ["ReformContents", "new_reform_folder", "render_reform"]
