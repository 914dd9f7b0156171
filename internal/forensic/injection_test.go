package forensic_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/hansardhq/hansard/internal/forensic"
)

func TestDojo(t *testing.T) {
	files, _ := filepath.Glob("../../../shared/data/agentdojo/*.jsonl")
	if len(files) == 0 {
		t.Skip("the shared data is absent")
	}
	var suc, hit, clean, fa int
	by := map[string]int{}
	for _, f := range files {
		for _, r := range runsOf(t, "agentdojo", "agentdojo/"+filepath.Base(f)) {
			var l struct {
				Injection_task_id any
				Security          bool
			}
			_ = json.Unmarshal(r[len(r)-1].Attributes, &l)
			w := forensic.NewWatch()
			var found []forensic.Finding
			for _, e := range r {
				found = append(found, w.Take(e)...)
			}
			n := 0
			if len(found) > 0 {
				n = 1
			}
			switch {
			case l.Injection_task_id == nil:
				clean++
				fa += n
				if n > 0 {
					by["fa "+found[0].Rule]++
					fmt.Println(r[0].TraceID, found[0])
				}
			case l.Security:
				suc++
				hit += n
				if n > 0 {
					by["hit "+found[0].Rule]++
				}
			}
		}
	}
	fmt.Println("dojo", hit, suc, fa, clean, by)
}
