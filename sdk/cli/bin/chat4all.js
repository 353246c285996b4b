#!/usr/bin/env node
import '../dist/chat4all.js'
