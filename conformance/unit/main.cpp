// The one main of every unit test program: Boost.Test, linked.
#define BOOST_TEST_MODULE est
#include <boost/test/unit_test.hpp>
