package report

import (
	"fmt"
	"html/template"
)

// chart is a row of columns over time, drawn in pages. What it shows stands in the
// table of its section too.
type chart struct {
	Title  string
	Points []point
}

// point is a column of a chart.
type point struct {
	Label string  // what it is of, for example a day
	Value float64 // its height; not negative
	Text  string  // its value as people read it
}

// The size of a chart in its own units, and the most points that it draws: more
// would be thinner than a line.
const (
	chartWidth  = 720
	chartHeight = 160
	chartFoot   = 18
	maxPoints   = 400
)

// Bar is a column with its place.
type bar struct {
	X, Y, W, H string
	Text       string
}

// label is a text below the columns.
type label struct {
	X, Text string
	Anchor  string
}

// Desc says in words what the chart shows.
func (c *chart) Desc() string {
	if len(c.Points) == 0 {
		return "No data."
	}
	top := 0
	for i, p := range c.Points {
		if p.Value > c.Points[top].Value {
			top = i
		}
	}
	return fmt.Sprintf("%d columns from %s to %s. The highest is %s: %s.",
		len(c.Points), c.Points[0].Label, c.Points[len(c.Points)-1].Label, c.Points[top].Label, c.Points[top].Text)
}

// Bars places the columns.
func (c *chart) Bars() []bar {
	points := c.Points[:min(maxPoints, len(c.Points))]
	greatest := 0.0
	for _, p := range points {
		greatest = max(greatest, p.Value)
	}
	var bars []bar
	step := float64(chartWidth) / float64(max(1, len(points)))
	for i, p := range points {
		h := 0.0
		if greatest > 0 {
			h = (chartHeight - chartFoot) * max(0, p.Value) / greatest
		}
		gap := min(2, step/5)
		bars = append(bars, bar{
			X: number1(float64(i)*step + gap/2), Y: number1(chartHeight - chartFoot - h), W: number1(min(step-gap, 60)), H: number1(h),
			Text: p.Label + ": " + p.Text,
		})
	}
	return bars
}

func number1(f float64) string { return fmt.Sprintf("%.1f", f) }

// Labels are the texts of the first and the last column.
func (c *chart) Labels() []label {
	if len(c.Points) == 0 {
		return nil
	}
	return []label{{"0", c.Points[0].Label, "start"}, {fmt.Sprint(chartWidth), c.Points[len(c.Points)-1].Label, "end"}}
}

// ViewBox is the chart's frame.
func (c *chart) ViewBox() template.HTMLAttr {
	return template.HTMLAttr(fmt.Sprintf(`viewBox="0 0 %d %d"`, chartWidth, chartHeight))
}

// Floor is where the columns stand, and LabelsAt where their labels do.
func (c *chart) Floor() string    { return fmt.Sprint(chartHeight - chartFoot) }
func (c *chart) LabelsAt() string { return fmt.Sprint(chartHeight - 4) }
func (c *chart) Width() string    { return fmt.Sprint(chartWidth) }
