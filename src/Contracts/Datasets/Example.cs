namespace Tollgate.Contracts.Datasets;

/// <summary>One row of a training file.</summary>
/// <param name="Text">Not empty; no NUL, no half of a surrogate pair.</param>
/// <param name="Label">Name of its class, not empty, as written; a number in the fewest digits.</param>
/// <param name="Line">Where the row begins in the file, from 1.</param>
public sealed record Example(string Text, string Label, long Line);

/// <summary>How the rows of a training file are written. A file has one form.</summary>
public enum ExampleForm
{
    /// <summary><c>{"text": …, "label": …}</c>, or columns of CSV with these names.</summary>
    Text = 0,

    /// <summary><c>{"data": …, "label": …}</c>, the form of the usual Flask tutorial, or columns of CSV.</summary>
    Data,

    /// <summary><c>{"messages": […]}</c> with one user message and one assistant message, as for OpenAI's chat models.</summary>
    Messages,
}

/// <summary>A row while it is read.</summary>
internal record struct ExampleDraft
{
    public string? Text { get; set; }

    /// <summary>Position of the text in the record, bytes.</summary>
    public int TextAt { get; set; }

    public string? Label { get; set; }

    /// <summary>Position of the label in the record, bytes.</summary>
    public int LabelAt { get; set; }

    /// <summary>Whether the label is a number in JSON.</summary>
    public bool IsNumber { get; set; }
}
