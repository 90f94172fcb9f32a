package classify

// Class is what a thing is taken for.
type Class uint8

// The classes. Other is whatever the network knows and this house has no use
// for: it is never told as a label.
const (
	Other Class = iota
	Person
	Vehicle
	Animal
)

// String is the class as events carry it.
func (c Class) String() string { return [...]string{"other", "person", "vehicle", "animal"}[c&3] }

// classOf maps COCO's 80 classes (https://cocodataset.org, in the order that
// YOLOX is trained with) to what this house tells apart.
func classOf(coco int) Class {
	switch {
	case coco == 0:
		return Person
	case coco >= 1 && coco <= 8 && coco != 4: // bicycle, car, motorbike, bus, train, truck, boat; not aeroplane
		return Vehicle
	case coco >= 14 && coco <= 23: // bird to giraffe
		return Animal
	}
	return Other
}
