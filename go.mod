module github.com/hansardhq/hansard

go 1.26.0
