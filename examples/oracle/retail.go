package oracle

import (
	"fmt"
	"math"
	"math/big"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Retail is what examples/online-retail must find.
type Retail struct {
	// Lines counts the order lines, WithoutCustomer those that name nobody and
	// Cancellations those of invoices that start with C.
	Lines, WithoutCustomer, Cancellations int
	// Customers are by customer number, such as "17850".
	Customers map[string]*RetailCustomer
}

// RetailCustomer is one customer's traits. Orders are the invoices that are no
// cancellations; a line that takes something back has a negative quantity.
type RetailCustomer struct {
	// MonthsActive, Orders, LastOrder and FavouriteProduct look at the lines
	// with a positive quantity; LastOrder is zero where there is none.
	MonthsActive, Orders int
	LastOrder            time.Time
	FavouriteProduct     string
	// CancelledLines counts the lines of cancellations.
	CancelledLines int
	// Value is the sum of quantity times unit price over all lines, in
	// thousandths of a pound: exact, since no price has more decimals.
	Value int64
	// Country is the one of the latest line. CountryTies says that lines of the
	// same instant disagree on it.
	Country     string
	CountryTies bool
	countryAt   time.Time
	months      map[string]bool
	invoices    map[string]bool
	products    map[string]int
}

// LifetimeValue is Value in pounds.
func (c *RetailCustomer) LifetimeValue() float64 { return float64(c.Value) / 1000 }

// DaysSinceLastOrder counts whole days; it is false where there was no order.
func (c *RetailCustomer) DaysSinceLastOrder(asOf time.Time) (int64, bool) {
	if c.LastOrder.IsZero() {
		return 0, false
	}
	return int64(asOf.Sub(c.LastOrder) / (24 * time.Hour)), true
}

// RetailSegments are the segments of examples/online-retail, as Go.
var RetailSegments = map[string]func(c *RetailCustomer, asOf time.Time) bool{
	"regulars":     func(c *RetailCustomer, _ time.Time) bool { return c.MonthsActive >= 3 },
	"big_spenders": func(c *RetailCustomer, _ time.Time) bool { return c.Value > 5_000_000 },
	"lapsed":       lapsed,
	"win_back":     func(c *RetailCustomer, asOf time.Time) bool { return c.MonthsActive >= 3 && lapsed(c, asOf) },
	"returners":    func(c *RetailCustomer, _ time.Time) bool { return c.CancelledLines >= 10 || c.Value < 0 },
}

func lapsed(c *RetailCustomer, asOf time.Time) bool {
	days, ok := c.DaysSinceLastOrder(asOf)
	return ok && days > 90
}

// Members are the customer numbers of a segment, sorted. An unknown segment
// has none.
func (r *Retail) Members(segment string, asOf time.Time) []string {
	in, ok := RetailSegments[segment]
	if !ok {
		return nil
	}
	var members []string
	for number, c := range r.Customers {
		if in(c, asOf) {
			members = append(members, number)
		}
	}
	slices.Sort(members)
	return members
}

// ReadRetail reads the order lines in the data folder.
func ReadRetail(data string) (*Retail, error) {
	out := &Retail{Customers: map[string]*RetailCustomer{}}
	err := readCSV(filepath.Join(data, "online-retail", "online_retail.csv.gz"), out.add)
	if err != nil {
		return nil, err
	}
	for _, c := range out.Customers {
		c.MonthsActive, c.Orders, c.FavouriteProduct = len(c.months), len(c.invoices), mode(c.products)
	}
	return out, nil
}

func (r *Retail) add(field row) error {
	r.Lines++
	cancelled := strings.HasPrefix(field("InvoiceNo"), "C")
	if cancelled {
		r.Cancellations++
	}
	if field("CustomerID") == "" {
		r.WithoutCustomer++
		return nil
	}
	number, err := strconv.ParseFloat(field("CustomerID"), 64)
	if err != nil || number != math.Trunc(number) {
		return fmt.Errorf("the customer number %q is not whole", field("CustomerID"))
	}
	key := strconv.FormatInt(int64(number), 10)
	c := r.Customers[key]
	if c == nil {
		c = &RetailCustomer{months: map[string]bool{}, invoices: map[string]bool{}, products: map[string]int{}}
		r.Customers[key] = c
	}
	quantity, err := strconv.ParseInt(field("Quantity"), 10, 64)
	if err != nil {
		return fmt.Errorf("reading the quantity: %w", err)
	}
	price, ok := new(big.Rat).SetString(field("UnitPrice"))
	if !ok {
		return fmt.Errorf("the price %q is not a number", field("UnitPrice"))
	}
	price.Mul(price, big.NewRat(1000, 1))
	if !price.IsInt() {
		return fmt.Errorf("the price %q has more than three decimals", field("UnitPrice"))
	}
	at, err := time.Parse(time.DateTime, field("InvoiceDate"))
	if err != nil {
		return fmt.Errorf("reading the date: %w", err)
	}
	c.Value += quantity * price.Num().Int64()
	if cancelled {
		c.CancelledLines++
	}
	switch country := field("Country"); {
	case at.After(c.countryAt):
		c.Country, c.countryAt, c.CountryTies = country, at, false
	case at.Equal(c.countryAt) && country != c.Country:
		c.CountryTies = true
	}
	if quantity <= 0 {
		return nil
	}
	c.months[at.Format("2006-01")] = true
	c.invoices[field("InvoiceNo")] = true
	if d := field("Description"); d != "" {
		c.products[d]++
	}
	if at.After(c.LastOrder) {
		c.LastOrder = at
	}
	return nil
}
