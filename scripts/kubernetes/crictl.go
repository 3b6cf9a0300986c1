// crictl, as far as kubeadm 1.20 and a person with a broken cluster need it: a small client of the container runtime
// interface, v1alpha2. Debian has no package of the real one.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"google.golang.org/grpc"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1alpha2"
)

const (
	defaultEndpoint = "unix:///run/containerd/containerd.sock"
	defaultTimeout  = 5 * time.Minute // an emulated CPU takes its time to stop a pod
	idLength        = 13
)

const usage = `usage: crictl [-r ENDPOINT] [-t DURATION] COMMAND [ARGUMENT...]

  info | version                what the runtime says of itself
  ps [-a] [-q]                  running containers; with -a all
  pods [-q]                     pods
  images [-q]                   images
  inspect | inspectp | inspecti ID...
  stop | rm | stopp | rmp | rmi ID...
  pull IMAGE...
  logs [-tail LINES] ID         what a container has printed
`

// client is the runtime, and how long one command may take.
type client struct {
	context.Context
	cri.RuntimeServiceClient
	cri.ImageServiceClient
}

type command func(c client, args []string) error

var commands = map[string]command{
	"info":     info,
	"version":  version,
	"ps":       ps,
	"pods":     pods,
	"images":   images,
	"inspect":  each(inspect),
	"inspectp": each(inspectPod),
	"inspecti": each(inspectImage),
	"stop":     each(stop),
	"rm":       each(remove),
	"stopp":    each(stopPod),
	"rmp":      each(removePod),
	"rmi":      each(removeImage),
	"pull":     each(pull),
	"logs":     logs,
}

func main() {
	flags := flag.NewFlagSet("crictl", flag.ExitOnError)
	flags.Usage = func() { fmt.Fprint(os.Stderr, usage) }
	endpoint := os.Getenv("CONTAINER_RUNTIME_ENDPOINT")
	if endpoint == "" {
		endpoint = defaultEndpoint
	}
	for _, name := range []string{"r", "runtime-endpoint"} {
		flags.StringVar(&endpoint, name, endpoint, "socket of the container runtime")
	}
	timeout := defaultTimeout
	for _, name := range []string{"t", "timeout"} {
		flags.DurationVar(&timeout, name, timeout, "how long the command may take")
	}
	flags.Parse(os.Args[1:])
	run, known := commands[flags.Arg(0)]
	if !known {
		flags.Usage()
		os.Exit(2)
	}
	if err := connected(endpoint, timeout, func(c client) error { return run(c, flags.Args()[1:]) }); err != nil {
		fmt.Fprintf(os.Stderr, "crictl: %s: %v\n", flags.Arg(0), err)
		os.Exit(1)
	}
}

func connected(endpoint string, timeout time.Duration, run func(client) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if strings.HasPrefix(endpoint, "/") {
		endpoint = "unix://" + endpoint
	}
	connection, err := grpc.DialContext(ctx, endpoint, grpc.WithInsecure(), grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(16<<20)))
	if err != nil {
		return err
	}
	defer connection.Close()
	return run(client{ctx, cri.NewRuntimeServiceClient(connection), cri.NewImageServiceClient(connection)})
}

// each makes a command that does the same to each of its arguments, of which there must be one.
func each(do func(client, string) error) command {
	return func(c client, args []string) error {
		if len(args) == 0 {
			return errors.New("it needs an argument")
		}
		for _, arg := range args {
			if err := do(c, arg); err != nil {
				return fmt.Errorf("%s: %w", arg, err)
			}
		}
		return nil
	}
}

func info(c client, _ []string) error {
	status, err := c.Status(c, &cri.StatusRequest{Verbose: true})
	return show(status, err)
}

func version(c client, _ []string) error {
	answer, err := c.Version(c, &cri.VersionRequest{})
	return show(answer, err)
}

func ps(c client, args []string) error {
	flags, quiet := listFlags("ps")
	all := flags.Bool("a", false, "also containers that have ended")
	flags.Parse(args)
	request := &cri.ListContainersRequest{}
	if !*all {
		running := &cri.ContainerStateValue{State: cri.ContainerState_CONTAINER_RUNNING}
		request.Filter = &cri.ContainerFilter{State: running}
	}
	answer, err := c.ListContainers(c, request)
	if err != nil {
		return err
	}
	rows := table{quiet: *quiet, head: []string{"CONTAINER", "IMAGE", "AGE", "STATE", "NAME", "ATTEMPT", "POD"}}
	for _, each := range answer.Containers {
		state := strings.TrimPrefix(each.State.String(), "CONTAINER_")
		attempt := fmt.Sprint(each.Metadata.Attempt)
		rows.add(each.Id, short(each.ImageRef), age(each.CreatedAt), state, each.Metadata.Name, attempt, short(each.PodSandboxId))
	}
	return rows.print()
}

func pods(c client, args []string) error {
	flags, quiet := listFlags("pods")
	flags.Parse(args)
	answer, err := c.ListPodSandbox(c, &cri.ListPodSandboxRequest{})
	if err != nil {
		return err
	}
	rows := table{quiet: *quiet, head: []string{"POD", "AGE", "STATE", "NAME", "NAMESPACE", "ATTEMPT"}}
	for _, each := range answer.Items {
		state := strings.TrimPrefix(each.State.String(), "SANDBOX_")
		rows.add(each.Id, age(each.CreatedAt), state, each.Metadata.Name, each.Metadata.Namespace, fmt.Sprint(each.Metadata.Attempt))
	}
	return rows.print()
}

func images(c client, args []string) error {
	flags, quiet := listFlags("images")
	flags.Parse(args)
	answer, err := c.ListImages(c, &cri.ListImagesRequest{})
	if err != nil {
		return err
	}
	rows := table{quiet: *quiet, head: []string{"IMAGE", "BYTES", "NAMES"}}
	for _, each := range answer.Images {
		rows.add(each.Id, fmt.Sprint(each.Size_), strings.Join(append(each.RepoTags, each.RepoDigests...), " "))
	}
	return rows.print()
}

func inspect(c client, id string) error {
	status, err := c.ContainerStatus(c, &cri.ContainerStatusRequest{ContainerId: id, Verbose: true})
	return show(status, err)
}

func inspectPod(c client, id string) error {
	status, err := c.PodSandboxStatus(c, &cri.PodSandboxStatusRequest{PodSandboxId: id, Verbose: true})
	return show(status, err)
}

// inspectImage fails where there is no such image: that is how kubeadm asks whether there is one.
func inspectImage(c client, name string) error {
	status, err := c.ImageStatus(c, &cri.ImageStatusRequest{Image: &cri.ImageSpec{Image: name}, Verbose: true})
	if err == nil && status.Image == nil {
		return errors.New("there is no such image")
	}
	return show(status, err)
}

func stop(c client, id string) error {
	_, err := c.StopContainer(c, &cri.StopContainerRequest{ContainerId: id, Timeout: 10})
	return err
}

func remove(c client, id string) error {
	_, err := c.RemoveContainer(c, &cri.RemoveContainerRequest{ContainerId: id})
	return err
}

func stopPod(c client, id string) error {
	_, err := c.StopPodSandbox(c, &cri.StopPodSandboxRequest{PodSandboxId: id})
	return err
}

func removePod(c client, id string) error {
	_, err := c.RemovePodSandbox(c, &cri.RemovePodSandboxRequest{PodSandboxId: id})
	return err
}

func removeImage(c client, name string) error {
	_, err := c.RemoveImage(c, &cri.RemoveImageRequest{Image: &cri.ImageSpec{Image: name}})
	return err
}

func pull(c client, name string) error {
	answer, err := c.PullImage(c, &cri.PullImageRequest{Image: &cri.ImageSpec{Image: name}})
	if err == nil {
		fmt.Println(answer.ImageRef)
	}
	return err
}

// logs prints the file to which the runtime writes what a container prints: time, stream, tag, text.
func logs(c client, args []string) error {
	flags := flag.NewFlagSet("logs", flag.ExitOnError)
	tail := flags.Int("tail", -1, "only the last lines")
	flags.Parse(args)
	if flags.NArg() != 1 {
		return errors.New("it needs one container")
	}
	answer, err := c.ContainerStatus(c, &cri.ContainerStatusRequest{ContainerId: flags.Arg(0)})
	if err != nil {
		return err
	}
	lines, err := readLines(answer.Status.LogPath)
	if err != nil {
		return err
	}
	if *tail >= 0 && len(lines) > *tail {
		lines = lines[len(lines)-*tail:]
	}
	for _, line := range lines {
		if parts := strings.SplitN(line, " ", 4); len(parts) == 4 {
			fmt.Println(parts[3])
		}
	}
	return nil
}

func readLines(path string) ([]string, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var lines []string
	scanner := bufio.NewScanner(file)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		lines = append(lines, scanner.Text())
	}
	return lines, scanner.Err()
}

func listFlags(name string) (*flag.FlagSet, *bool) {
	flags := flag.NewFlagSet(name, flag.ExitOnError)
	quiet := flags.Bool("q", false, "only the ids")
	return flags, quiet
}

// show prints an answer as JSON, unless there was an error.
func show(answer interface{}, err error) error {
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(answer, "", "  ")
	if err == nil {
		fmt.Println(string(text))
	}
	return err
}

// table is a list for people, or with quiet one of ids for programs.
type table struct {
	quiet bool
	head  []string
	rows  [][]string
}

func (t *table) add(id string, columns ...string) {
	t.rows = append(t.rows, append([]string{id}, columns...))
}

func (t *table) print() error {
	if t.quiet {
		for _, row := range t.rows {
			fmt.Println(row[0])
		}
		return nil
	}
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, strings.Join(t.head, "\t"))
	for _, row := range t.rows {
		fmt.Fprintln(out, strings.Join(append([]string{short(row[0])}, row[1:]...), "\t"))
	}
	return out.Flush()
}

func short(id string) string {
	id = strings.TrimPrefix(id, "sha256:")
	if len(id) > idLength {
		return id[:idLength]
	}
	return id
}

func age(nanoseconds int64) string {
	return time.Since(time.Unix(0, nanoseconds)).Round(time.Second).String()
}
