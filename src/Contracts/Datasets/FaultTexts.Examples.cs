namespace Tollgate.Contracts.Datasets;

/// <summary>Faults of examples.</summary>
internal static partial class FaultTexts
{
    public static FaultText UnknownForm(string found) => new(
        "missing_text", $"The row has no text; it has {found}. Name the text 'text' and its class 'label'.");

    public static FaultText MissingText(string member) => new(
        "missing_text", $"The member '{member}' is null. Give the text as a string, or remove the row.");

    public static FaultText InvalidText(string member, string given) => new(
        "invalid_text", $"'{member}' must be a string, but it is {given}. Write the text in quotes.");

    public static FaultText EmptyText() => new("empty_text", "The text is empty. Give it, or remove the row.");

    public static FaultText MissingLabel() => new(
        "missing_label", "The row has no label. Add 'label' with the name or number of the class, or remove the row.");

    public static FaultText MissingAnswer() => new(
        "missing_label", "The messages end without an assistant message, which is the label of a classifier. Add it.");

    public static FaultText EmptyLabel() => new("empty_label", "The label is empty. Give the class of the text, or remove the row.");

    public static FaultText InvalidLabel(string given) => new(
        "invalid_label", $"The label must be a string or a whole number of 64 bits, but it is {given}.");

    public static FaultText LabelTooLong(int most) => new(
        "label_too_long", Invariant($"The label is longer than {most} characters. Give each class a short name."));

    public static FaultText MixedLabels(bool isNumber, long firstLine) => new(
        "mixed_labels",
        Invariant($"The label is {(isNumber ? "a number" : "a string")} here, but {(isNumber ? "a string" : "a number")} on line ")
        + Invariant($"{firstLine}. Write all labels in the same way."));

    public static FaultText MixedForms(string here, string first, long firstLine) => new(
        "mixed_forms", Invariant($"The row has the form {here}, but line {firstLine} has {first}. Use one form in a file."));

    public static FaultText TwoTexts(string member) => new(
        "mixed_forms", $"The row has '{Shorten(member)}' beside another member for the text. Keep one of them.");

    public static FaultText OneClass(string label) => new(
        "one_class", $"All rows have the label '{Shorten(label)}'. Add examples of at least one more class.");

    public static FaultText TooManyClasses(int most) => new(
        "too_many_classes",
        Invariant($"The file has more than {most:N0} different labels. Check that 'label' holds the class, and join rare classes."));

    public static FaultText UnsupportedMessages(string what) => new(
        "unsupported_messages",
        $"A classifier learns from one user message and one assistant message, its label, but {what}. "
        + "Send these two alone, or text and label.");
}
