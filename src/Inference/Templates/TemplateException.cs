namespace Tollgate.Inference.Templates;

/// <summary>A chat template is malformed, or cannot be rendered with these messages. The message is fit for the caller.</summary>
public sealed class TemplateException : Exception
{
    public TemplateException(string message)
        : base(message)
    {
    }

    /// <param name="raisedByTemplate">Whether the template's author refuses these messages (<c>raise_exception</c>).</param>
    public TemplateException(string message, bool raisedByTemplate)
        : base(message) => RaisedByTemplate = raisedByTemplate;

    public bool RaisedByTemplate { get; }
}
