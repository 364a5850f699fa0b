"""Appointment: what a connector's `default_vars` may say of its time, which chatbots write into their text."""

START = (
    "{{ (content | label('Time') or content | label('Date and time') or content | label('Appointment'))"
    " | datetime(['%Y-%m-%d %I:%M %p', '%Y-%m-%d %H:%M', '%m/%d/%Y %I:%M %p', '%B %d, %Y %I:%M %p']) }}"
)
