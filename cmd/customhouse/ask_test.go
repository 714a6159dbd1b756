package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// askAPI is the command ask of scripts: a request to the API at $API, with $TOKEN
// where there is one. It prints the status, a line for each header that is told
// after the body, and the body.
//
//	ask METHOD path [body [header: value]...]
func askAPI() {
	if err := sendAPI(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func sendAPI(args []string) error {
	body := ""
	if len(args) > 2 {
		body = args[2]
	}
	r, err := http.NewRequest(args[0], os.Getenv("API")+args[1], strings.NewReader(body))
	if err != nil {
		return err
	}
	if token := os.Getenv("TOKEN"); token != "" {
		r.Header.Set("Authorization", "Bearer "+strings.TrimSpace(token))
	}
	if args[0] == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, header := range args[min(len(args), 3):] {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Set(name, value)
	}
	r.Host = r.Header.Get("Host")
	answer, err := (&http.Client{Timeout: 2 * time.Minute}).Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	fmt.Printf("%d\n%s", answer.StatusCode, text)
	return err
}
