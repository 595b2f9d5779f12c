namespace Tollgate.Training.Methods;

/// <summary>The rows of a run: each stands in one of three parts.</summary>
/// <param name="Texts">All rows.</param>
/// <param name="Labels">Number of each row's label.</param>
/// <param name="Names">Names of the labels by number, in ordinal order.</param>
/// <param name="Train">Rows whose gradients are taken.</param>
/// <param name="Watch">Rows by which a training ends early; they are no part of the other two. Empty where nothing ends it.</param>
/// <param name="HeldOut">Rows that only the evaluation at the end reads.</param>
internal sealed record RowSet(string[] Texts, int[] Labels, string[] Names, int[] Train, int[] Watch, int[] HeldOut);
