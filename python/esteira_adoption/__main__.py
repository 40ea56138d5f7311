"""Run as a script in an empty folder that holds nothing but the model file."""

import os
import sys

if __name__ == "__main__":
    # An isolated interpreter knows no folder but its own libraries'.
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    from esteira_adoption.adopt import main

    main()
