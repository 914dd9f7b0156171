//go:build !linux

package lake

import (
	"os"

	"github.com/hansardhq/hansard"
)

// memoryFile refuses: elsewhere than on Linux fresh rows would reach a disk.
func memoryFile() (*os.File, error) {
	return nil, hansard.Errorf(hansard.KindInvalid, "sql needs Linux")
}
