namespace Tollgate.Inference.Templates;

/// <summary>A chat template is malformed, or cannot be rendered with these messages. The message is fit for the caller.</summary>
public sealed class TemplateException : Exception
{
    private const int MostCharacters = 500;

    public TemplateException(string message)
        : base(Cut(message))
    {
    }

    /// <param name="raisedByTemplate">Whether the template's author refuses these messages (<c>raise_exception</c>).</param>
    public TemplateException(string message, bool raisedByTemplate)
        : base(Cut(message)) => RaisedByTemplate = raisedByTemplate;

    public bool RaisedByTemplate { get; }

    /// <summary>A message quotes names and texts of the template, which may be of any length.</summary>
    private static string Cut(string message) => message.Length <= MostCharacters ? message : $"{message[..MostCharacters]}…";
}
