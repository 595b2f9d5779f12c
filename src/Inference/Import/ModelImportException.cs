namespace Tollgate.Inference.Import;

/// <summary>A model cannot be imported, installed or loaded. The message is for the
/// person who asked and says what to do about it.</summary>
public sealed class ModelImportException : Exception
{
    public ModelImportException(string message)
        : base(message)
    {
    }

    public ModelImportException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
