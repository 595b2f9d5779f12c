using System.Buffers;
using System.Globalization;
using System.Text;

namespace Tollgate.Contracts.OpenAi;

/// <summary>
/// Reads the parts of a form for an endpoint, as <see cref="RequestReader"/> reads the members of a JSON body: an error names the part. A
/// method that returns false has either reached the end or set <see cref="Error"/>; after an error nothing more may be read.
/// </summary>
/// <param name="members">
/// The names that the endpoint knows, refused ones too. A name that ends in <c>[]</c> may come any number of times, every other name once.
/// </param>
internal sealed class FormReader(RequestForm form, MemberNames members)
{
    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("0123456789+-.eE");

    private ulong _seen;
    private int _next;

    public OpenAiError? Error { get; private set; }

    /// <summary>The part that <see cref="NextPart"/> found.</summary>
    private FormPart Part => form.Parts[_next - 1];

    /// <summary>The position of <c>model</c>, for the rewriting; <see cref="ReadModel"/> notes it.</summary>
    public BodyEdits Edits { get; private set; }

    /// <summary>Finds the next part. Returns false on an error, and at the end of the form.</summary>
    public bool NextPart(out string name)
    {
        name = "";
        if (Error is not null || _next == form.Parts.Count)
        {
            return false;
        }

        name = form.Parts[_next++].Name;
        var index = members.Find(Encoding.UTF8.GetBytes(name));
        if (index < 0)
        {
            return Fail(OpenAiError.UnknownParameter(OpenAiError.Shorten(name)));
        }

        name = members[index];
        var once = !name.EndsWith("[]", StringComparison.Ordinal);
        if (once && (_seen & (1UL << index)) != 0)
        {
            return Fail(OpenAiError.DuplicateParameter(name));
        }

        _seen |= 1UL << index;
        return true;
    }

    /// <summary>Reads the member <c>model</c>, which the gateway rewrites.</summary>
    public bool ReadModel(out string model)
    {
        Edits = new BodyEdits(Part.Range, default, 0) { IsForm = true };
        return ReadText(out model) && (model.Length is > 0 and <= SharedMembers.LongestModel || FailValue("the name of a model"));
    }

    public bool ReadText(out string text)
    {
        text = Part.Text;
        return !Part.IsFile || FailType("a text");
    }

    /// <summary>Reads a whole number in decimal digits.</summary>
    public bool ReadInteger(long min, long max, out long value)
    {
        value = 0;
        return ReadText(out var text)
            && ((IsNumber(text) && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value)
                    && value >= min && value <= max)
                || FailValue($"an integer between {min} and {max}"));
    }

    /// <summary>Reads a number as JSON writes it.</summary>
    public bool ReadNumber(double min, double max, out double value)
    {
        value = 0;
        return ReadText(out var text)
            && ((IsNumber(text) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value)
                    && value >= min && value <= max)
                || FailValue(FormattableString.Invariant($"a number between {min} and {max}")));
    }

    /// <summary>Reads <c>true</c> or <c>false</c>; Python clients write <c>True</c>.</summary>
    public bool ReadBoolean(out bool value)
    {
        value = false;
        return ReadText(out var text) && ((IsWord(text) && bool.TryParse(text, out value)) || FailValue("'true' or 'false'"));
    }

    /// <summary>Reads a file that is not empty.</summary>
    public bool ReadFile(out FormPart file)
    {
        file = Part;
        return Part.IsFile ? (Part.Range.Length > 0 || FailValue("a file that is not empty")) : FailType("a file");
    }

    /// <summary>Whether the current part is the field with this text.</summary>
    public bool Is(string text) => !Part.IsFile && Part.Text == text;

    public bool FailType(string expected) =>
        Fail(OpenAiError.InvalidType(Part.Name, expected, Part.IsFile ? "a file" : "a text"));

    public bool FailValue(string expected) =>
        Fail(OpenAiError.InvalidValue(Part.Name, expected, Part.IsFile ? null : $"'{OpenAiError.Shorten(Part.Text)}'"));

    public bool FailUnsupported(string? why = null) => Fail(OpenAiError.UnsupportedParameter(Part.Name, why));

    public bool FailMissing(string name) => Fail(OpenAiError.MissingParameter(name));

    public bool Fail(OpenAiError error)
    {
        Error ??= error;
        return false;
    }

    private static bool IsNumber(string text) =>
        text.Length is > 0 and <= 100 && !text.AsSpan().ContainsAnyExcept(NumberCharacters);

    private static bool IsWord(string text) => text.All(char.IsAsciiLetter);
}
