"""Configs that tests start from."""

from __future__ import annotations

THREE = """\
name: fraud
model: model.onnx
type: classification
"""

# Every key of the interface, as its page writes them.
WHOLE = """\
name: fraud
model: pinned
model_in: store
type: classification
target: auto
api: realtime
packaging: auto
runtime: "1"
python: "3.13"
arch: x86_64
transform: transform.py
requirements: requirements.txt
compute: {memory_mb: 1769, timeout_s: 30, gpu: 0, instance_type: null, spot: false, min_instances: 0, max_instances: null, warm: 0, reserved: null}
door: {auth: iam, url: api, domain: null, cors: [], rate_per_s: 50}
traffic: {expected_per_day: 10000, peak_per_s: null, p99_ms: null, payload_mb: null}
rollout:
  strategy: canary
  canary_percent: 10
  bake: 60m
  min_requests: 200
  min_labels: 100
  promote: after_bake
  max: 24h
  on_inconclusive: hold
  holdback_percent: 5
  holdback: 24h
  false_rollback_rate: 0.01
monitor:
  key: $.label
  segments: []
  window: 60s
  guards:
    failures: {worse_than: 1.2x, fine_below: 0.5%}
    latency:  {worse_than: 1.2x}
    accuracy: {worse_by: 0.5pt}
  labels: {sources: [], accept: 30d}
capture: {enabled: false, classify: {}}
notify: [mailto:team@example.com]
env: {}
secrets: {}
network: {vpc: null, subnets: [], security_groups: []}
logs: {retention: 30d}
tags: {}
cost: {monthly_cap_usd: null, idle_ttl: null, action: notify}
environments:
  prod: {account: "111122223333", region: eu-west-1, compute: {max_instances: 100}}
"""

BLOCK = """\
name: churn
model: models/churn.onnx
type: classification
python: "3.12"
compute:
  memory_mb: 2048
  timeout_s: 20
door:
  auth: none
  public_acknowledged_by: team@example.com
traffic:
  expected_per_day: 5000
rollout:
  canary_percent: 20
  bake: 30m
  min_requests: 100
  max: 12h
monitor:
  window: 30s
  guards:
    failures:
      worse_than: 1.5x
  labels:
    sources:
      - labeller
      - "arn:aws:iam::111122223333:role/labels"
notify:
  - mailto:team@example.com
env:
  THRESHOLD: "0.5"
tags:
  team: risk
environments:
  dev:
    door:
      rate_per_s: 5
  prod:
    account: "111122223333"
    region: eu-west-1
"""
