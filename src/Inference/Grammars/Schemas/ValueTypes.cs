namespace Tollgate.Inference.Grammars.Schemas;

/// <summary>Kinds of JSON values. A number is an integer or has a fraction; 1.0 is an integer.</summary>
[Flags]
internal enum ValueTypes
{
    None = 0,
    Null = 1,
    Boolean = 2,
    Integer = 4,
    Fraction = 8,
    Number = Integer | Fraction,
    String = 16,
    Array = 32,
    Object = 64,
    All = Null | Boolean | Number | String | Array | Object,
}
