namespace Tollgate.Inference.Models;

/// <summary>A model cannot be imported, installed or loaded. The message is for the operator and names what to do about it.</summary>
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
